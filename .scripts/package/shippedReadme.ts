/** What only someone with the sources can do. */
const DEVELOPER_SECTIONS: readonly string[] = ['Two commands', 'Installing'];
const LINK = String.raw`\[([^\]]*)\]\((?!https?:)[^)]*\)`;

/**
 * README as the page of the installed extension, where files beside it can't be opened: without the sections for those
 * who have the sources, and with links to files as their words alone. Pictures, and links that only say where more
 * stands, are left out.
 */
export function shippedReadme(text: string): string {
  return text
    .split(/^(?=## )/m)
    .filter((section) => !DEVELOPER_SECTIONS.some((title) => section.startsWith(`## ${title}\n`)))
    .join('')
    .replace(new RegExp(String.raw`^!${LINK}\n+`, 'gm'), '')
    .replace(new RegExp(String.raw`^- ${LINK}:.*\n`, 'gm'), '')
    .replace(new RegExp(String.raw`\s+\(${LINK}\)`, 'g'), '')
    .replace(new RegExp(LINK, 'g'), '$1');
}
