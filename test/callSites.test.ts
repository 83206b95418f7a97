import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CALL_SITES, hasName, isRight, restOfCall, type CallSite } from './host/callSites.ts';
import { callSiteCounts } from './host/callSitesPage.ts';

const nameOf = ({ call }: CallSite): string => call.slice(0, call.indexOf('('));

describe('the call sites tested in VS Code', () => {
  it('are at least twenty, each beside the only definition with its name', () => {
    assert.ok(CALL_SITES.length >= 20);
    for (const site of CALL_SITES) {
      const { definition, caller } = site;
      assert.ok(definition.text.includes(nameOf(site)), definition.path);
      assert.ok(!caller.text.includes(nameOf(site)), caller.path);
      assert.deepEqual(
        CALL_SITES.filter(({ definition: { text } }) => text.includes(nameOf(site))),
        [site],
      );
    }
  });

  it('count as right with name and arguments, and as named with the name alone', () => {
    const [site] = CALL_SITES as readonly [CallSite];
    const rest = restOfCall(site);
    const cases: readonly (readonly [text: string | undefined, right: boolean, named: boolean])[] = [
      [rest, true, true],
      [`${rest.replaceAll(/\s/g, '')} + 1`, true, true],
      [rest.replace(/\(.*/, '(ship)'), false, true],
      [`un${rest}`, false, false],
      [rest.slice(0, 3), false, false],
      ['', false, false],
      [undefined, false, false],
    ];
    for (const [text, right, named] of cases)
      assert.deepEqual([isRight(site, text), hasName(site, text)], [right, named], text);
  });

  it('are counted as they were shown', () => {
    const [one, two, three, four] = CALL_SITES as readonly [CallSite, CallSite, CallSite, CallSite];
    const shown = new Map([
      [one, restOfCall(one)],
      [two, restOfCall(two).replace(/\(.*/, '(other)')],
      [three, 'elsewhere()'],
      [four, ''],
    ]);
    assert.deepEqual(callSiteCounts(shown), { sites: 4, calls: 1, names: 2, shown: 3 });
  });
});
