import { execa } from 'execa';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { folderName } from '../packages.ts';
import { FETCH_TIMEOUT_MS, type Client } from './client.ts';
import { unzip } from './pypi.ts';

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
/** A project file may inherit its licence from its parent, and so on. */
const MAX_PARENTS = 6;

interface MavenFile {
  /** `group:artifact`. */
  readonly name: string;
  readonly version: string;
  readonly type: 'pom' | 'jar';
  readonly file: string;
}

/**
 * Downloads source archives, each with the project file that states its licence. A package's name is `group:artifact`.
 */
export const maven: Client = {
  download: async (wanted, folder) => {
    const poms = wanted.map((one): MavenFile => ({ ...one, type: 'pom', file: `${folderName(one)}.pom` }));
    await copy(
      [...wanted.map((one): MavenFile => ({ ...one, type: 'jar', file: `${folderName(one)}.jar` })), ...poms],
      folder,
    );
    let open = poms;
    for (let round = 0; open.length > 0 && round < MAX_PARENTS; round++) {
      const parents = await Promise.all(
        open.map(async ({ file }) => parentOf(await readFile(path.join(folder, file), 'utf8'), file)),
      );
      open = parents.filter((parent) => parent !== undefined);
      if (open.length > 0) await copy(open, folder);
    }
  },
  isArchiveOf: (file, wanted) => file === `${folderName(wanted)}.jar`,
  unpack: async (archive, folder) => {
    await unzip(archive, folder);
    await copyFile(archive.replace(/\.jar$/, '.pom'), path.join(folder, 'pom.xml'));
  },
};

/** The parent of a project file without a licence. It replaces the project file. */
function parentOf(pom: string, file: string): MavenFile | undefined {
  if (pom.includes('<licenses>')) return undefined;
  const parent = /<parent>([\s\S]*?)<\/parent>/.exec(pom)?.[1] ?? '';
  const field = (name: string): string | undefined =>
    new RegExp(`<${name}>\\s*([\\w.-]+)\\s*</${name}>`).exec(parent)?.[1];
  const [group, artifact, version] = [field('groupId'), field('artifactId'), field('version')];
  return group && artifact && version ? { name: `${group}:${artifact}`, version, type: 'pom', file } : undefined;
}

async function copy(files: readonly MavenFile[], folder: string): Promise<void> {
  const items = files.map(({ name, version, type, file }) => {
    const [group, artifact] = name.split(':');
    const classifier = type === 'jar' ? '<classifier>sources</classifier>' : '';
    return `<artifactItem><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><type>${type}</type>${classifier}<destFileName>${file}</destFileName></artifactItem>`;
  });
  const configuration = `<configuration><overWriteReleases>true</overWriteReleases><outputDirectory>${folder}</outputDirectory><artifactItems>${items.join('')}</artifactItems></configuration>`;
  const plugin = `<plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>${configuration}</plugin>`;
  const project = `<project><modelVersion>4.0.0</modelVersion><groupId>chorus</groupId><artifactId>corpus</artifactId><version>0</version><packaging>pom</packaging><build><plugins>${plugin}</plugins></build></project>\n`;
  const file = path.join(folder, 'corpus.xml');
  await writeFile(file, project);
  await execa('mvn', ['--batch-mode', '--quiet', '--file', file, COPY], { cwd: folder, timeout: FETCH_TIMEOUT_MS });
}
