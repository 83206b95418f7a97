/** Another extension that shows ghost text, and how to tell whether it is switched on. */
export interface OtherProvider {
  /** The identifier in the marketplace, in lower case. */
  readonly extensionId: string;
  readonly name: string;
  /** The setting that switches its ghost text off, or `undefined` if it has none. */
  readonly setting?: string;
  /** Returns whether a value of `setting` means "on". By default any value except `false` does. */
  readonly isOn?: (value: unknown) => boolean;
}

function isOnForAnyLanguage(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Object.values(value).some((enabled) => enabled !== false);
}

/** Extensions with ghost text that people use together with Chorus. */
export const OTHER_PROVIDERS: readonly OtherProvider[] = [
  { extensionId: 'github.copilot', name: 'GitHub Copilot', setting: 'github.copilot.enable', isOn: isOnForAnyLanguage },
  {
    extensionId: 'github.copilot-chat',
    name: 'GitHub Copilot',
    setting: 'github.copilot.enable',
    isOn: isOnForAnyLanguage,
  },
  { extensionId: 'ggml-org.llama-vscode', name: 'llama.vscode', setting: 'llama-vscode.enabled' },
  { extensionId: 'continue.continue', name: 'Continue', setting: 'continue.enableTabAutocomplete' },
  {
    extensionId: 'tabbyml.vscode-tabby',
    name: 'Tabby',
    setting: 'tabby.inlineCompletion.triggerMode',
    isOn: (value) => value !== 'manual',
  },
  {
    extensionId: 'codeium.codeium',
    name: 'Windsurf (Codeium)',
    setting: 'codeium.enableConfig',
    isOn: isOnForAnyLanguage,
  },
  { extensionId: 'supermaven.supermaven', name: 'Supermaven' },
  { extensionId: 'tabnine.tabnine-vscode', name: 'Tabnine' },
  { extensionId: 'amazonwebservices.amazon-q-vscode', name: 'Amazon Q' },
  { extensionId: 'rjmacarthur.twinny', name: 'twinny', setting: 'twinny.autoSuggestEnabled' },
  {
    extensionId: 'google.geminicodeassist',
    name: 'Gemini Code Assist',
    setting: 'geminicodeassist.inlineSuggestions.enableAuto',
  },
  { extensionId: 'sourcegraph.cody-ai', name: 'Cody', setting: 'cody.autocomplete.enabled' },
  { extensionId: 'augment.vscode-augment', name: 'Augment', setting: 'augment.completions.enableAutomaticCompletions' },
  { extensionId: 'huggingface.huggingface-vscode', name: 'llm-vscode', setting: 'llm.enableAutoSuggest' },
  { extensionId: 'sweepai.sweep-nes', name: 'Sweep' },
  { extensionId: 'kilocode.kilo-code', name: 'Kilo Code' },
  { extensionId: 'mistralai.mistral-vscode', name: 'Mistral' },
  { extensionId: 'blackboxapp.blackbox', name: 'Blackbox' },
];

/** The queries to the editor. */
export interface InstalledExtensions {
  /** Returns whether the extension is installed and running. */
  isActive(extensionId: string): boolean;
  /** Returns the value of a setting, or `undefined` if it is unknown. */
  setting(name: string): unknown;
}

/**
 * Returns the providers that show ghost text now, once per name. Leaves out those that the user was already asked
 * about.
 */
export function findOtherProviders(
  installed: InstalledExtensions,
  askedBefore: readonly string[],
): readonly OtherProvider[] {
  const found = new Map<string, OtherProvider>();
  for (const provider of OTHER_PROVIDERS) {
    if (askedBefore.includes(provider.name) || found.has(provider.name) || !installed.isActive(provider.extensionId))
      continue;
    const value = provider.setting === undefined ? undefined : installed.setting(provider.setting);
    const isOn = provider.isOn ?? ((setting: unknown) => setting !== false);
    if (isOn(value)) found.set(provider.name, provider);
  }
  return [...found.values()];
}
