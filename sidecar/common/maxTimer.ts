/** The longest delay of a timer in Node. A longer delay fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
