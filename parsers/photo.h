/*
 * Photo: a picture without what its camera or program wrote into it besides (place, time, device, names).
 *
 * Bytes in, bytes out; the picture's own data are copied as they are. JPEG: only the segments that a decoder needs stay
 * (of APPn just JFIF's, and Adobe's, which tells the colours), comments go, and whatever follows the end of the picture.
 * PNG: the critical chunks, and of the others those that change how it looks. Which way was up is lost with the rest.
 */
#ifndef PARSERS_PHOTO_H
#define PARSERS_PHOTO_H

#include "base/text.h"

/* 0; -1: it is no JPEG or PNG that can be taken apart, or `out` is full: then it is not to be handed out at all. */
int photo_strip(struct view bytes, struct text *out);

#endif
