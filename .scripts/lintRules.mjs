/** Rules of this project for oxlint, in ESLint's form. */

const MAX_COLUMNS = 120;

/** One style of privacy. Only constructors and parameter properties have no `#` form. */
const hashPrivate = {
  create(context) {
    const check = (node) => {
      if (node.accessibility === 'private' && node.kind !== 'constructor')
        context.report({ node, message: 'Private members begin with #.' });
    };
    return { PropertyDefinition: check, MethodDefinition: check };
  },
};

/** Desktop VS Code's runtime forbids ArrayBuffers over foreign memory: copy through owned Buffers. */
const ownedMemory = {
  create(context) {
    return {
      CallExpression(node) {
        const { object, property } = node.callee;
        if (object?.name === 'koffi' && property?.name === 'view')
          context.report({
            node,
            message:
              'koffi.view() makes an external ArrayBuffer, which desktop VS Code forbids. Copy into an owned Buffer.',
          });
      },
    };
  },
};

/** oxfmt breaks long code. This rule finds long comments. */
const commentWidth = {
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          const { start } = comment.loc;
          for (const [index, line] of comment.value.split('\n').entries()) {
            const columns = line.length + (index === 0 ? start.column + '//'.length : 0);
            if (columns > MAX_COLUMNS && !/https?:\/\//.test(line))
              context.report({
                loc: { line: start.line + index, column: 0 },
                message: `This comment line has ${columns} columns. The limit is ${MAX_COLUMNS}.`,
              });
          }
        }
      },
    };
  },
};

export default {
  meta: { name: 'chorus' },
  rules: { 'hash-private': hashPrivate, 'owned-memory': ownedMemory, 'comment-width': commentWidth },
};
