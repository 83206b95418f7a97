/* Whether this processor, and its operating system, run a variant. */
#ifndef CHORUS_PROCESSOR_H
#define CHORUS_PROCESSOR_H

int processor_runs(const char *variant);

#endif
