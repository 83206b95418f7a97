import type { Random } from '../train/random.ts';
import type { TextFile } from './textFiles.ts';

const VERBS = [
  'read',
  'merge',
  'collect',
  'update',
  'resolve',
  'filter',
  'count',
  'schedule',
  'format',
  'validate',
  'split',
  'restore',
] as const;
const NOUNS = [
  'Order',
  'Invoice',
  'Route',
  'Ticket',
  'Column',
  'Message',
  'Account',
  'Bucket',
  'Device',
  'Layer',
  'Segment',
  'Record',
  'Shipment',
  'Template',
] as const;
const FIELDS = [
  'name',
  'size',
  'owner',
  'status',
  'createdAt',
  'weight',
  'label',
  'parent',
  'priority',
  'limit',
  'offset',
  'region',
] as const;
const TYPES = ['string', 'number', 'boolean', 'Date'] as const;

const PEOPLE = [
  'The baker',
  'A gardener',
  'Our neighbour',
  'The old captain',
  'A young teacher',
  'The librarian',
  'A travelling musician',
  'The postman',
  'My grandmother',
  'The carpenter',
  'A quiet student',
  'The shepherd',
] as const;
const DEEDS = [
  'carried a basket of apples',
  'repaired the wooden gate',
  'told a long story',
  'painted the window frames',
  'waited for the evening train',
  'wrote three letters',
  'planted a row of beans',
  'listened to the rain',
  'sold warm bread',
  'cleaned the narrow stairs',
  'looked for a lost glove',
  'counted the passing boats',
] as const;
const PLACES = [
  'near the harbour',
  'behind the church',
  'at the edge of the forest',
  'in the market square',
  'beside the river',
  'under the old bridge',
  'on the hill',
  'in front of the school',
  'along the dusty road',
  'in a small kitchen',
] as const;
const TIMES = [
  'early in the morning',
  'after the storm',
  'while the children slept',
  'on the first day of spring',
  'before the shops opened',
  'late in autumn',
  'during the long holiday',
  'when the bells had stopped',
] as const;

/** Generates a meaningless code module: types, and functions on lists of them. */
export function generateCode(random: Random): TextFile {
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)] as Item;
  const noun = pick(NOUNS);
  const fields = [...random.order(FIELDS.length)].slice(0, 4).map((index) => FIELDS[index] as string);
  const parts = [
    `export interface ${noun} {\n${fields.map((field) => `  readonly ${field}: ${pick(TYPES)};`).join('\n')}\n}`,
  ];
  for (let count = 2 + random.below(3); count > 0; count--) parts.push(generateFunction(noun, fields, pick));
  return { ending: '.ts', text: `${parts.join('\n\n')}\n` };
}

function generateFunction(
  noun: string,
  fields: readonly string[],
  pick: <Item>(items: readonly Item[]) => Item,
): string {
  const [verb, field, other] = [pick(VERBS), pick(fields), pick(fields)];
  const list = `${noun.toLowerCase()}s`;
  const item = noun.toLowerCase();
  const bodies = [
    `  return ${list}.filter((${item}) => ${item}.${field} !== undefined).sort((a, b) => compare(a.${other}, b.${other}));`,
    `  const groups = new Map<unknown, ${noun}[]>();\n  for (const ${item} of ${list}) {\n    const group = groups.get(${item}.${field}) ?? [];\n    groups.set(${item}.${field}, [...group, ${item}]);\n  }\n  return [...groups.values()].flat();`,
    `  const seen = new Set<unknown>();\n  return ${list}.filter(({ ${field} }) => {\n    if (seen.has(${field})) return false;\n    seen.add(${field});\n    return true;\n  });`,
    `  if (${list}.length === 0) throw new Error('There is no ${item} to ${verb}.');\n  return ${list}.map((${item}) => ({ ...${item}, ${field}: ${item}.${other} }));`,
  ];
  return `export function ${verb}${noun}By${field[0]?.toUpperCase()}${field.slice(1)}(${list}: readonly ${noun}[]): readonly ${noun}[] {\n${pick(bodies)}\n}`;
}

/** Generates a page of prose about nobody in particular, a sentence per line. */
export function generateProse(random: Random): TextFile {
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)] as Item;
  const sentence = (): string => {
    const [who, did, where, when] = [pick(PEOPLE), pick(DEEDS), pick(PLACES), pick(TIMES)];
    return random.below(2) === 0
      ? `${who} ${did} ${where} ${when}.`
      : `${when[0]?.toUpperCase()}${when.slice(1)}, ${who[0]?.toLowerCase()}${who.slice(1)} ${did} ${where}.`;
  };
  return { ending: '.txt', text: `${Array.from({ length: 24 }, sentence).join('\n')}\n` };
}
