/** A cursor that stays for so long was put there, and did not only pass. */
export const REST_MS = 100;
/** The editor tells of the cursor's move right behind the edit that moved it. */
export const EDIT_MOVES_MS = 50;
