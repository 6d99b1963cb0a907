// Included behind a board's limits: leaves out all that secures it, so that what that takes can be
// told.

#undef MIDGE_NKEYS
#undef MIDGE_RESPONSES_MAX
#undef MIDGE_BCRYPT_COST_MAX
#undef MIDGE_OFFENDERS_MAX
