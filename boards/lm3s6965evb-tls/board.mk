# TI EK-LM3S6965 with TLS, for one client

include boards/lm3s6965evb/board.mk

TLS := 1
