#include "sim/outflow.h"

#include "broker/broker.h"

// The most that one deadline is for.
#define DUE_MAX (4u << 20)

void outflow_open(struct outflow *f, uint32_t ms) {
    *f = (struct outflow){.progress_ms = ms};
}

const char *outflow_sent(const struct midge *m, const struct conn *conn, struct outflow *f,
                         uint32_t flags, uint32_t n) {
    uint32_t left = conn->out.bytes;
    if (n > 0)
        f->progress_ms = m->now.ms;
    if (conn->progress_ms != f->progress_ms)
        return "when the stack took bytes last";
    if ((flags & CONN_CLOSING) || conn->kind != MIDGE_CLIENT)
        return NULL;
    // It is waited for until half of what made it crowded is gone.
    bool crowded = (flags & CONN_CROWDED) && left > m->crowd_bytes / 2;
    if (crowded != ((conn->flags & CONN_CROWDED) != 0))
        return crowded ? "a client is not waited for any more" : "a client is waited for in vain";
    if (left > 0 && (!f->blocked || n >= f->due_bytes)) {
        f->due_bytes = left < DUE_MAX ? left : DUE_MAX;
        f->deadline_ms = m->now.ms + m->config->write_deadline_ms;
    } else if (left > 0) {
        f->due_bytes -= n;
    }
    f->blocked = left > 0;
    if (f->blocked != ((conn->flags & CONN_BLOCKED) != 0))
        return "whether there is more than the stack has room for";
    if (f->blocked && (conn->deadline_ms != f->deadline_ms || conn->bytes_due != f->due_bytes))
        return "by when output must be taken";
    return NULL;
}
