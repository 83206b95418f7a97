/** The time after which a cursor counts as resting. A shorter stop is only a move on its way. */
export const REST_MS = 100;
/** The time in which the editor reports a cursor move after the edit that caused it. */
export const EDIT_MOVES_MS = 50;
