/** Shows a message without waiting: VS Code's promise resolves when the user closes the message, which may be never. */
export function showWithoutWaiting(message: Thenable<unknown>): void {
  message.then(undefined, () => undefined);
}
