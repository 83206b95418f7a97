/** Sections that need the sources. */
const DEVELOPER_SECTIONS: readonly string[] = ['Two commands', 'Installing', 'Documents'];
const LINK = String.raw`\[([^\]]*)\]\((?!https?:)[^)]*\)`;

/**
 * Returns the README as the page of the installed extension, which can't open files beside it. Removes the sections for
 * developers, blocks with pictures, and links that only refer to further reading. Other links to files become plain
 * words. `vsce` takes only pictures at a public address.
 */
export function shippedReadme(text: string): string {
  return text
    .split(/^(?=## )/m)
    .filter((section) => !DEVELOPER_SECTIONS.some((title) => section.startsWith(`## ${title}\n`)))
    .join('')
    .split('\n\n')
    .filter((block) => !/!\[|<picture>/.test(block))
    .join('\n\n')
    .replace(new RegExp(String.raw`^- ${LINK}:.*\n`, 'gm'), '')
    .replace(new RegExp(String.raw`\s+\(${LINK}\)`, 'g'), '')
    .replace(new RegExp(LINK, 'g'), '$1');
}
