import { testShown } from './shownCases.ts';

testShown({
  'a closer like the one above': [
    { name: 'at another depth closes another block of a template', document: '  {% if a %}\n    {% if b %}\n      x\n    {% endif %}\n  ‸', model: '{% endif %}', shown: '{% endif %}', languageId: 'jinja-html' },
    { name: 'and another loop', document: '@foreach ($a as $b)\n  @foreach ($b as $c)\n  @endforeach\n‸', model: '@endforeach', shown: '@endforeach', languageId: 'blade' },
    { name: 'and another element', document: '<section>\n  <section>\n  </section>\n‸', model: '</section>', shown: '</section>', languageId: 'html' },
    { name: 'and another component', document: 'return (\n  <TableRow>\n    <TableRow>\n    </TableRow>\n  ‸', model: '</TableRow>', shown: '</TableRow>', languageId: 'typescriptreact' },
    { name: 'at the same depth is said again', document: '  <section>\n  </section>\n  ‸', model: '</section>', shown: '', languageId: 'html' },
  ],
  'another line like the one above': [
    { name: 'is said again at another depth too', document: 'if a:\n    return None\n‸', model: 'return None', shown: '', languageId: 'python' },
  ],
});
