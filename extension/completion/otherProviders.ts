/** An extension that shows ghost text of its own, and how to tell that it is switched on. */
export interface OtherProvider {
  /** Identifier in the marketplace, lower case. */
  readonly extensionId: string;
  readonly name: string;
  /** The setting that switches its ghost text off; `undefined`: it has none. */
  readonly setting?: string;
  /** Whether a value of `setting` means "on". Default: anything but `false`. */
  readonly isOn?: (value: unknown) => boolean;
}

function isOnForAnyLanguage(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Object.values(value).some((enabled) => enabled !== false);
}

/** Extensions with ghost text that people have beside Chorus. */
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

/** What is asked of the editor. */
export interface InstalledExtensions {
  /** Whether the extension is there and running. */
  isActive(extensionId: string): boolean;
  /** The value of a setting, `undefined` where it is unknown. */
  setting(name: string): unknown;
}

/** The providers that show ghost text now, one per name, except those the user was asked about before. */
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
