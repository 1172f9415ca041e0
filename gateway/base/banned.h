/* Functions that are errors here, each with what to use instead. Force-included by the Makefile. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(function, instead) function##_is_banned_use_##instead

#undef strcpy
#define strcpy(to, from) BANNED(strcpy, text_add_string)
#undef strcat
#define strcat(to, from) BANNED(strcat, text_add_string)
#undef strncpy
#define strncpy(to, from, n) BANNED(strncpy, snprintf)
#undef strncat
#define strncat(to, from, n) BANNED(strncat, snprintf)
#undef stpcpy
#define stpcpy(to, from) BANNED(stpcpy, text_add_string)
#undef sprintf
#define sprintf(...) BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, vsnprintf)
#undef strtok
#define strtok(text, separators) BANNED(strtok, view_next_field)
#undef strtok_r
#define strtok_r(text, separators, rest) BANNED(strtok_r, view_next_field)
#undef atoi
#define atoi(text) BANNED(atoi, view_to_int)
#undef atol
#define atol(text) BANNED(atol, view_to_int)
#undef atof
#define atof(text) BANNED(atof, strtod)
#undef gmtime
#define gmtime(time) BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(time) BANNED(localtime, localtime_r)
#undef ctime
#define ctime(time) BANNED(ctime, strftime)
#undef asctime
#define asctime(tm) BANNED(asctime, strftime)
#undef system
#define system(command) BANNED(system, posix_spawn)
#undef popen
#define popen(command, mode) BANNED(popen, posix_spawn)

#endif
