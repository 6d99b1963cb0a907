// What the broker runs with: the text in flash, or else the board's default that is compiled in.

#ifndef CHIP_CONFIGURATION_H
#define CHIP_CONFIGURATION_H

#include "boards/chip/settings.h"
#include "broker/broker.h"

// The one buffer for texts: one that was read from flash or typed. Nothing refers to it afterwards,
// and since it may have passwords, it is wiped.
extern char configuration_text[SETTINGS_TEXT_MAX];
void configuration_wipe(void);

// Fills a configuration with what configuration_text says. Complaints go to the console, each with
// its place. False where the text is of no use.
bool configuration_read(struct midge_config *config, uint32_t bytes);

// Fills it with what is to run: the text in flash that is on trial or else the one that is kept, or
// the default where there is none. Answers whether it is that of flash. Once a start. Where there
// is one that this image cannot use, or TLS that cannot be had, nobody is let in: the default may
// be open to everyone.
bool configuration_load(struct midge_config *config);

// Tells on the console what a configuration comes to, without its secrets.
void configuration_tell(const struct midge_config *config, bool from_flash);

#endif
