import { testShown } from './shownCases.ts';

testShown({
  'a closer like the one above': [
    {
      name: 'at another depth closes another block of a template',
      document: '  {% if a %}\n    {% if b %}\n      x\n    {% endif %}\n  ‸',
      model: '{% endif %}',
      shown: '{% endif %}',
      languageId: 'jinja-html',
    },
    {
      name: 'and another loop',
      document: '@foreach ($a as $b)\n  @foreach ($b as $c)\n  @endforeach\n‸',
      model: '@endforeach',
      shown: '@endforeach',
      languageId: 'blade',
    },
    {
      name: 'and another element',
      document: '<section>\n  <section>\n  </section>\n‸',
      model: '</section>',
      shown: '</section>',
      languageId: 'html',
    },
    {
      name: 'and another component',
      document: 'return (\n  <TableRow>\n    <TableRow>\n    </TableRow>\n  ‸',
      model: '</TableRow>',
      shown: '</TableRow>',
      languageId: 'typescriptreact',
    },
    {
      name: 'and another condition of CMake',
      document: 'if(A)\n  if(B)\n  endif()\n‸',
      model: 'endif()',
      shown: 'endif()',
      languageId: 'cmake',
    },
    {
      name: 'and another procedure',
      document: 'Module A\n  Sub B()\n    End Select\n  ‸',
      model: 'End Select',
      shown: 'End Select',
      languageId: 'vb',
    },
    {
      name: 'at the same depth is said again',
      document: '  <section>\n  </section>\n  ‸',
      model: '</section>',
      shown: '',
      languageId: 'html',
    },
  ],
  'another line like the one above': [
    {
      name: 'is said again at another depth too',
      document: 'if a:\n    return None\n‸',
      model: 'return None',
      shown: '',
      languageId: 'python',
    },
    {
      name: 'so is a name that begins like a closer',
      document: 'if a:\n    endpoint = "/users"\n‸',
      model: 'endpoint = "/users"',
      shown: '',
      languageId: 'python',
    },
    { name: 'and another one', document: 'if (a) {\n    endTime = now();\n‸', model: 'endTime = now();', shown: '' },
  ],
});
