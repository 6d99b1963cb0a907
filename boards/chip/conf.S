// The board's default configuration, as text.

    .section .rodata.conf
    .global conf_begin, conf_end
conf_begin:
    .incbin BOARD_CONF
conf_end:
