import { createHash } from 'node:crypto';
import { IgnorePatterns, IgnorePatternsError, isPlainPath, MAX_PATH_STEPS } from './ignorePatterns.ts';

/**
 * Files that contain secrets by convention, in the syntax of `.gitignore`. The extension and `chorus lsp` never send
 * them to the sidecar, and they get no ghost text. `docs/privacy.md` shows this list. The setting
 * `chorus.documents.secretFiles` adds patterns, and a `!pattern` there removes one.
 */
export const SECRET_FILES: readonly string[] = [
  // Environments.
  '.env',
  '.env.*',
  '.env-*',
  '.env_*',
  '*.env',
  '.envs/',
  '.envrc',
  '.envrc[._-]*',
  '.flaskenv',
  '.dev.vars',
  '.dev.vars.*',
  '!.env[._-]example',
  '!.env[._-]sample',
  '!.env[._-]template',
  '!.env[._-]defaults',
  '!.env[._-]dist',
  '!.envrc[._-]example',
  '!.envrc[._-]sample',
  '!.envrc[._-]template',
  '!.envrc[._-]defaults',
  '!.envrc[._-]dist',
  '!.dev.vars.example',
  // Keys and certificates.
  '*.pem',
  '*.key',
  '*.p8',
  '*.p12',
  '*.pfx',
  '*.pkcs12',
  '*.jks',
  '*.keystore',
  '*.ppk',
  '*.asc',
  '*.gpg',
  '*.pgp',
  '*.age',
  '*.kdbx',
  'id_rsa*',
  'id_dsa*',
  'id_ecdsa*',
  'id_ed25519*',
  '!*.pub',
  '.ssh/',
  '.gnupg/',
  // Credentials of tools.
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.pypirc',
  '.netrc',
  '_netrc',
  '.git-credentials',
  '**/.git/**/config',
  '.pgpass',
  'pgpass.conf',
  '.my.cnf',
  '.mylogin.cnf',
  '.htpasswd',
  '.dockercfg',
  '.dockerconfigjson',
  '.s3cfg',
  '.databrickscfg',
  'auth.json',
  '**/.docker/config.json',
  '.aws/',
  '.azure/',
  '**/.config/gcloud/',
  '.kube/',
  'kubeconfig',
  'kubeconfig.y*ml',
  '*.kubeconfig',
  '**/.cargo/credentials*',
  '**/.gem/credentials',
  '.terraformrc',
  'terraform.rc',
  'credentials.tfrc.json',
  '*.tfvars',
  '*.tfvars.json',
  '*.tfstate',
  '*.tfstate.*',
  '.vault-token',
  'credentials',
  'credentials.json',
  'credentials.y*ml',
  'credentials.toml',
  'credentials.ini',
  'credentials.properties',
  'credentials.xml',
  'credentials.csv',
  'secrets',
  'secrets.json',
  'secrets.y*ml',
  'secrets.toml',
  'secrets.ini',
  'secrets.properties',
  'secrets.xml',
  'secret.json',
  'secret.y*ml',
  'secret.toml',
  'secret.ini',
  'secret.properties',
  '*.secret',
  '*.secrets',
  '*.credentials',
  '.secrets.*',
  '.credentials.*',
  'service-account*.json',
  'service_account*.json',
  'serviceaccount*.json',
  'client_secret*.json',
  'client-secret*.json',
  '*firebase-adminsdk*.json',
  'appsettings.*.json',
  'local.settings.json',
  '.password-store/',
  '*.keytab',
  '*.ovpn',
  '*.mobileprovision',
  'wp-config.php',
  'wp-config[._-]*.php',
  '!wp-config[._-]sample.php',
  // Histories contain typed commands, with passwords in some.
  '.bash_history',
  '.zsh_history',
  '.sh_history',
  'fish_history',
  'ConsoleHost_history.txt',
  '.python_history',
  '.node_repl_history',
  '.psql_history',
  '.mysql_history',
  '.sqlite_history',
  '.rediscli_history',
  '.irb_history',
];

/** The word for a copy, in languages of common file managers. */
const COPY = 'copy|copie|copia|cópia|kopie|kopia|kopya|копия|копія|αντίγραφο|salinan|コピー|複製|副本|拷貝|拷贝|복사본';
const COPY_MARKS: readonly string[] = [
  // Marks of editors and people.
  '~',
  '\\.(?:bak|backup|old|orig)',
  // " copy", " - Copy".
  `(?: (?:[-–—] )?| ?の)(?:${COPY})`,
  // " (copy)", " (3rd copy)", " (1)", "(1)".
  ` ?\\((?:\\d+|(?=[^()/]*(?:${COPY}))[^()/]*)\\)`,
  ' \\d+',
];
/**
 * The marks that a copy's name has besides the original's, at the end or before an ending. Marks may follow each other
 * (" copy 2"). No name can be read as marks in two ways, since the expression would try all combinations.
 */
const COPY_MARK = new RegExp(`(?<=[^/])(?:${COPY_MARKS.join('|')})+(?=[./]|$)`, 'giu');

/** The parts at the end of a name that Windows ignores: dots, blanks, and the name of a stream. */
const UNHEEDED_END = /(?<=[^/. ])(?:[. ]+|:[^/]*)(?=\/|$)/gu;

/** Recognises secret files by their path. */
export class SecretFiles {
  readonly #patterns: IgnorePatterns;
  /** Differs if other files are secret. */
  readonly digest: string;

  /** Why the patterns can't be applied. Every file counts as secret then. */
  readonly problem: IgnorePatternsError | undefined;

  /** `added` has further patterns in the syntax of `.gitignore`. */
  constructor(added: readonly string[] = []) {
    this.digest = createHash('sha256')
      .update(JSON.stringify([SECRET_FILES, COPY_MARKS, UNHEEDED_END.source, added]))
      .digest('hex');
    try {
      this.#patterns = new IgnorePatterns(
        [...SECRET_FILES, ...added].map((pattern) => pattern.normalize()),
        { ignoreCase: true },
      );
    } catch (error) {
      if (!(error instanceof IgnorePatternsError)) throw error;
      this.problem = error;
      this.#patterns = new IgnorePatterns(['*'], { ignoreCase: true });
    }
  }

  /**
   * Returns whether a file is secret. `path` is a URI's path with slashes. Only names count, so it may be relative or
   * absolute. A copy is as secret as its original, unless a pattern removes the copy's own name from the list. A path
   * that patterns can't be applied to counts as secret.
   */
  has(path: string): boolean {
    const relative = path
      .replaceAll('\\', '/')
      .replace(/^\/*(?:[a-z]:)?\/*/iu, '')
      .replace(/\/{2,}/g, '/');
    if (relative === '') return false;
    const [name, kind] = relative.endsWith('/')
      ? [relative.slice(0, -1), 'folder' as const]
      : [relative, 'file' as const];
    // Each folder of the path is compared with all patterns.
    if (!isPlainPath(name) || name.split('/').length * this.#patterns.stepsFor(name) > MAX_PATH_STEPS) return true;
    const verdict = this.#verdict(name, kind);
    return (
      verdict === 'ignored' ||
      (verdict === undefined &&
        this.#verdict(name.normalize().replace(UNHEEDED_END, '').replace(COPY_MARK, ''), kind) === 'ignored')
    );
  }

  #verdict(path: string, kind: 'file' | 'folder'): ReturnType<IgnorePatterns['verdict']> {
    const names = path.split('/');
    const isBelowSecret = names.some(
      (_, index) => index > 0 && this.#patterns.verdict(names.slice(0, index).join('/'), 'folder') === 'ignored',
    );
    return isBelowSecret ? 'ignored' : this.#patterns.verdict(path, kind);
  }
}
