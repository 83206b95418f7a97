import * as vscode from 'vscode';

/** What of the settings is needed to change one where it is set. */
export type Configuration = Pick<vscode.WorkspaceConfiguration, 'inspect' | 'update'>;

/**
 * Where one of the settings with the scope `window` has its value, and which: in the workspace, which goes before the
 * user, whether or not it is trusted. Folders of a workspace with several can't set it.
 */
export function innermostValue(
  settings: Configuration,
  name: string,
): { readonly target: vscode.ConfigurationTarget; readonly value: unknown } {
  const found = settings.inspect(name);
  if (found?.workspaceValue !== undefined)
    return { target: vscode.ConfigurationTarget.Workspace, value: found.workspaceValue };
  return { target: vscode.ConfigurationTarget.Global, value: found?.globalValue ?? found?.defaultValue };
}

/** Switches a setting with the scope `window` off for the user, and in the workspace where that has it on. */
export async function switchSettingOff(settings: Configuration, name: string): Promise<void> {
  const { target, value } = innermostValue(settings, name);
  await settings.update(name, false, vscode.ConfigurationTarget.Global);
  if (target === vscode.ConfigurationTarget.Workspace && value !== false) await settings.update(name, false, target);
}
