/** Shows a message and goes on: VS Code's promise of it resolves when the user closes it, which may be never. */
export function tell(message: Thenable<unknown>): void {
  message.then(undefined, () => undefined);
}
