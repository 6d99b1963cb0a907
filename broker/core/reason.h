// Why connections end, in nats-server's words.

#ifndef CORE_REASON_H
#define CORE_REASON_H

// The text of an enum midge_reason, as the log and /connz show it.
const char *reason_text(int reason);

#endif
