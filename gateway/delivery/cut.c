/* delivery/cut: a long text into messages that a channel takes. See outbox.h. */
#include "base/unicode.h"
#include "delivery/sender.h"

/* Providers count UTF-16 units, or code points, which are never more. */
static size_t room_of(struct view text, int units)
{
	size_t at = 0, end = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code)) {
		units -= code > 0xffff ? 2 : 1;
		if (units < 0)
			break;
		end = at;
	}
	return end;
}

/* Behind the last `mark` in the later half of the room; 0: there is none. */
static size_t behind_last(struct view room, struct view mark)
{
	for (size_t at = room.len; at >= mark.len && at > room.len / 2; at--)
		if (memcmp(room.ptr + at - mark.len, mark.ptr, mark.len) == 0)
			return at;
	return 0;
}

size_t delivery_cut(struct view text, int units)
{
	static const char *const marks[] = {"\n\n", "\n", ". ", " ", NULL};
	struct view room = view_sub(text, 0, room_of(text, units));

	if (room.len == text.len)
		return text.len;
	for (size_t i = 0; marks[i]; i++) {
		size_t end = behind_last(room, view_of(marks[i]));

		if (end > 0)
			return end;
	}
	return room.len;
}
