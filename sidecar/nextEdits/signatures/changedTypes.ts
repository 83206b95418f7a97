import { children } from '../../syntax/nodeTexts.ts';
import type { Node } from '../../syntax/treeSitter.ts';
import { renamedIn, type RenamedName } from '../renamedNames.ts';
import type { RecentEdit, SourceDocument } from '../suggester.ts';
import { firstWordIn } from '../words.ts';

export interface Field {
  readonly name: string;
  readonly type: string | undefined;
  /** Whether objects may leave it out. */
  readonly isOptional: boolean;
}

/** A type that got or lost one field, or a field of which got another name. */
export interface ChangedType {
  readonly kind: 'added' | 'removed' | 'renamed';
  readonly name: string;
  /** The field with the name that objects have, if they have it. */
  readonly field: Field;
  /** The field's new name. */
  readonly after?: string;
  /** The fields now. */
  readonly fields: readonly Field[];
  /** Whether the type has further fields, from a type that it extends. */
  readonly isOpen: boolean;
}

const BODY = /^(interface_body|object_type|field_declaration_list)$/;
/** A field of TypeScript or Go that was one line, with comments above it. */
const REMOVED =
  /^(?:\s*(?:\/\/[^\n]*|\/\*.*?\*\/))*\s*(?:readonly\s+)?(\w+)(\?)?(?:\s*:\s*[^;\n]+;?|[ \t]+[\w.*[\]]+)\s*$/s;

/** Returns the type of which an edit added, removed or renamed one field. */
export function changedTypeAt(root: Node, document: SourceDocument, edit: RecentEdit): ChangedType | undefined {
  let node = root.descendantForIndex(firstWordIn(document.text, edit));
  while (node !== null && !BODY.test(node.parent?.type ?? ''))
    node = BODY.test(node.type) ? (node.firstChild ?? null) : node.parent;
  const body = node?.parent;
  const owner = body && (body.parent?.type === 'struct_type' ? body.parent.parent : body.parent);
  const name = owner?.childForFieldName('name')?.text;
  if (!body || !owner || name === undefined) return undefined;
  const nodes = children(body);
  const found = nodes.map(fieldOf);
  const fields = found.filter((field) => field !== undefined);
  const isOpen = fields.length < nodes.length || children(owner).some(({ type }) => /extends/.test(type));
  const common = { name, fields, isOpen };
  const renamed = renamedAt(document, edit);
  const now = fields.find((field) => field.name === renamed?.after);
  if (renamed && now && !fields.some((field) => field.name === renamed.before))
    return { kind: 'renamed', field: { ...now, name: renamed.before }, after: now.name, ...common };
  if (edit.removed.trim() === '') {
    const added = nodes.filter((each) => each.startIndex >= edit.start && each.endIndex <= edit.end);
    const field = added.length === 1 && added[0] ? fieldOf(added[0]) : undefined;
    return field && { kind: 'added', field, ...common };
  }
  const [, removed, question] = edit.inserted.trim() === '' ? (REMOVED.exec(edit.removed) ?? []) : [];
  if (removed === undefined || fields.some((field) => field.name === removed)) return undefined;
  return { kind: 'removed', field: { name: removed, type: undefined, isOptional: question !== undefined }, ...common };
}

/** Returns the name that an edit replaced, if it replaced nothing else. */
function renamedAt(document: SourceDocument, edit: RecentEdit): RenamedName | undefined {
  const [renamed] = renamedIn({ edits: [edit], document: () => document });
  return renamed?.isAlone ? renamed : undefined;
}

function fieldOf(node: Node): Field | undefined {
  if (!/^(?:property_signature|field_declaration)$/.test(node.type)) return undefined;
  const name = node.childForFieldName('name')?.text;
  const type = node.childForFieldName('type')?.text.replace(/^\s*:/, '').replaceAll(/\s+/g, '');
  const isOptional = node.type === 'field_declaration' || node.children.some((child) => child?.type === '?');
  return name === undefined ? undefined : { name, type, isOptional };
}
