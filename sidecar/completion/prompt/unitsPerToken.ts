/** UTF-16 units of code per token, about. Text with fewer units is trimmed by tokens later. */
export const UNITS_PER_TOKEN = 3;
