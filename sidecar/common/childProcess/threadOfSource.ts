/** What to start a thread with that runs TypeScript: in a thread the loader has to be asked for by name. */
export function threadOfSource(script: URL): URL {
  const loader = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register(); await import(${JSON.stringify(script.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(loader)}`);
}
