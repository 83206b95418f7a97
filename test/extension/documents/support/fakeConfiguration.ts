export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 };

type Values = Readonly<Record<string, unknown>>;

/** Settings of the fake window. The workspace's values take precedence over the user's. */
export class FakeConfiguration {
  constructor(
    public user: Values = {},
    public workspace: Values = {},
  ) {}

  get(name: string, fallback?: unknown): unknown {
    return this.workspace[name] ?? this.user[name] ?? fallback;
  }

  inspect(name: string): { readonly globalValue: unknown; readonly workspaceValue: unknown } {
    return { globalValue: this.user[name], workspaceValue: this.workspace[name] };
  }

  async update(name: string, value: unknown, target: number): Promise<void> {
    if (target === ConfigurationTarget.WorkspaceFolder) throw new Error('A folder has no settings of a window');
    if (target === ConfigurationTarget.Workspace) this.workspace = { ...this.workspace, [name]: value };
    else this.user = { ...this.user, [name]: value };
  }
}
