import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { commitWorkspace } from '../../test/host/committedWorkspace.ts';
import { restingPicture, WIDE, type Scenes } from './scene.ts';
import { SHOP, WITH_DISCOUNT } from './shop.ts';

/** The box of a commit message. */
export const GIT_SCENES: Scenes = {
  'commit-message': {
    size: WIDE,
    prepare: async (workspace) => {
      commitWorkspace(workspace);
      await writeFile(path.join(workspace, 'src/pricing.ts'), SHOP['src/pricing.ts'] + WITH_DISCOUNT);
    },
    take: async ({ window, workspace }) => {
      await window.openFile(path.join(workspace, 'src/pricing.ts'));
      await window.statusBarItem('main').waitFor();
      await window.command('Chorus: Write Commit Message');
      const box = window.page.locator('.scm-editor .view-lines', { hasText: /\w/ }).first();
      await window.appears(box);
      assert.match(await box.innerText(), /discount/i);
      // While git works, the badge shows no count.
      await window.page.locator('.activitybar .badge-content', { hasText: '1' }).waitFor();
      return restingPicture(window);
    },
  },
};
