/** Longer texts are read out only in part: nobody listens to a whole listing. */
const MAX_UNITS = 600;

/** Says things to screen readers, politely: finished parts of an answer, and what was done. */
export class Announcer {
  constructor(private readonly region: HTMLElement) {}

  say(text: string): void {
    const spoken = text.trim().slice(0, MAX_UNITS);
    if (spoken === '') return;
    const line = document.createElement('div');
    line.textContent = spoken;
    this.region.append(line);
    while (this.region.childElementCount > 20) this.region.firstElementChild?.remove();
  }
}
