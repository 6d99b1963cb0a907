// The board's default configuration, as text, and its length.

    .section .rodata.conf
    .global conf_text, conf_bytes
conf_text:
    .incbin BOARD_CONF
conf_end:
    .balign 4
conf_bytes:
    .long conf_end - conf_text
