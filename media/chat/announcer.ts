/** The maximum length of an announcement. Nobody listens to a whole listing. */
const MAX_UNITS = 600;

/** Announces finished parts of an answer and completed actions to screen readers, politely. */
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
