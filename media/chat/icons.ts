/** Icons as strokes on a 16 × 16 grid, in the colour of the surrounding text. */
const PATHS = {
  send: 'M2.5 8 13.5 2.5 10.5 13.5 7.5 9ZM7.5 9 13.5 2.5',
  stop: 'M4 4h8v8H4Z',
  microphone: 'M6 4a2 2 0 0 1 4 0v4a2 2 0 0 1-4 0ZM3.5 8a4.5 4.5 0 0 0 9 0M8 12.5v2M6 14.5h4',
  copy: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  insert: 'M2.5 3h11M2.5 13h11M8 5.5v5M5.5 8.5 8 11l2.5-2.5',
  apply: 'M2.5 4h6M2.5 8h4M2.5 12h3M8 11l2 2.5 4-6',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.6h-2.6',
  close: 'M4 4l8 8M12 4l-8 8',
  add: 'M8 3v10M3 8h10',
  remove: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9',
  selection: 'M2.5 4h5M2.5 8h11M2.5 12h8M10.5 2v4',
  file: 'M4 2.5h5l3 3v8H4ZM9 2.5v3h3',
  diagnostics: 'M8 2.5 14 13H2ZM8 6.5v3M8 11.2v.3',
  check: 'M3 8.5 6.5 12 13 4.5',
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
