/** The compiled libraries by platform. Written by `build.ts`. */
export const builtLibraries: Readonly<Record<string, { readonly file: string; readonly sha256: string }>> = {
  'linux-x64': {
    file: 'chorus-kernels-linux-x64.so',
    sha256: 'f43034ddc581168964bf1b51b1393f44dc60444f051fbff43eec1117fec66a3b',
  },
  'win32-x64': {
    file: 'chorus-kernels-win32-x64.dll',
    sha256: 'b7a9d3443fdf6d8d07494990dd619ff91686e58a27af362e71647fc43c53ac5e',
  },
  'darwin-x64': {
    file: 'chorus-kernels-darwin-x64.dylib',
    sha256: '0bc68f6f6bd4516307d7d062d3e4756fac6d4686bec9dd1589b30efb8e7ec7fe',
  },
};
