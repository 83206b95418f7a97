import * as vscode from 'vscode';

/** The parts of the settings that are needed to change a setting where it is set. */
export type Configuration = Pick<vscode.WorkspaceConfiguration, 'inspect' | 'update'>;

/**
 * Returns the innermost value of a setting with scope `window`, and its target. The workspace takes precedence over the
 * user, trusted or not. Folders of a multi-root workspace can't set it.
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

/** Switches a setting with scope `window` off for the user, and in the workspace if it is on there. */
export async function switchSettingOff(settings: Configuration, name: string): Promise<void> {
  const { target, value } = innermostValue(settings, name);
  await settings.update(name, false, vscode.ConfigurationTarget.Global);
  if (target === vscode.ConfigurationTarget.Workspace && value !== false) await settings.update(name, false, target);
}
