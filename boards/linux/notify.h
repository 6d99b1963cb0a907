// Tells systemd how the hub is, as sd_notify(3) specifies it, where it was started with
// Type=notify.

#ifndef LINUX_NOTIFY_H
#define LINUX_NOTIFY_H

void notify_ready(void);
void notify_reloading(void);  // notify_ready ends it
void notify_stopping(void);

#endif
