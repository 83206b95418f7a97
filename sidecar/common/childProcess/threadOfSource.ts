/**
 * Returns the URL to start a thread with that runs TypeScript. A thread does not inherit the loader, so the URL
 * registers it.
 */
export function threadOfSource(script: URL): URL {
  const loader = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register(); await import(${JSON.stringify(script.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(loader)}`);
}
