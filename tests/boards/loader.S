// Stands for a boot loader: goes to the image in the slot at SLOT_AT, as MCUboot does.

    .syntax unified
    .cpu cortex-m3
    .thumb

    .word 0x20001000, load
    .thumb_func
load:
    ldr r0, =SLOT_AT + 512
    ldr r1, [r0]
    msr msp, r1
    ldr r1, [r0, #4]
    bx r1
