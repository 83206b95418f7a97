/** Names that files of a language know without importing or declaring them. */

const words = (list: string): string[] => list.trim().split(/\s+/);

/** Those of the engine that runs the sidecar, of browsers, of the type checker, and of test runners. */
const ECMA_SCRIPT = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  ...words(`
    Partial Required Readonly Record Pick Omit Exclude Extract NonNullable Parameters ConstructorParameters ReturnType
    InstanceType NoInfer ThisParameterType OmitThisParameter ThisType Uppercase Lowercase Capitalize Uncapitalize
    Awaited PromiseLike ArrayLike Iterable Iterator IterableIterator AsyncIterable AsyncIterator AsyncIterableIterator
    Generator AsyncGenerator ReadonlyArray ReadonlyMap ReadonlySet PropertyKey PropertyDescriptor TemplateStringsArray
    RegExpMatchArray RegExpExecArray ErrorOptions Disposable AsyncDisposable ImportMeta BufferSource BufferEncoding
    NodeJS JSX document window navigator location history localStorage sessionStorage alert confirm requestAnimationFrame
    cancelAnimationFrame getComputedStyle matchMedia Document Window Node Element HTMLElement HTMLInputElement
    HTMLButtonElement HTMLDivElement HTMLCanvasElement HTMLImageElement HTMLFormElement HTMLSelectElement
    HTMLTextAreaElement SVGElement Text Range Selection NodeList CustomEvent UIEvent MouseEvent KeyboardEvent
    PointerEvent TouchEvent WheelEvent FocusEvent InputEvent DragEvent FileReader FileList Image Audio Worker
    XMLHttpRequest IntersectionObserver MutationObserver ResizeObserver DOMRect DOMParser RequestInit ResponseInit
    HeadersInit BodyInit EventListener ServiceWorker Storage React arguments globalThis require module exports
    __dirname __filename describe it test expect beforeEach afterEach beforeAll afterAll before after suite jest vi
  `),
]);

const PYTHON = new Set(
  words(`
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError
    BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError
    ConnectionResetError DeprecationWarning EOFError Ellipsis EnvironmentError Exception ExceptionGroup False
    FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning
    IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError
    ModuleNotFoundError NameError None NotADirectoryError NotImplemented NotImplementedError OSError OverflowError
    PendingDeprecationWarning PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning
    RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit
    TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError
    UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter all anext any ascii
    bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dict dir
    divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int
    isinstance issubclass iter len license list locals map max memoryview min next object oct open ord pow print
    property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip
    self cls __name__ __file__ __doc__ __all__
  `),
);

const GO = new Set(
  words(`
    append any bool byte cap clear close comparable complex complex128 complex64 copy delete error false float32 float64
    imag int int16 int32 int64 int8 iota len make max min new nil panic print println real recover rune string true uint
    uint16 uint32 uint64 uint8 uintptr
  `),
);

const JAVA = new Set(
  words(`
    Object String Integer Long Short Byte Character Boolean Double Float Number Math System Thread Runnable Class Enum
    Record Void Iterable Comparable CharSequence StringBuilder StringBuffer AutoCloseable Cloneable Process
    ProcessBuilder Runtime Throwable Exception Error RuntimeException IllegalArgumentException IllegalStateException
    NullPointerException IndexOutOfBoundsException UnsupportedOperationException ClassCastException
    ArithmeticException InterruptedException CloneNotSupportedException AssertionError Override Deprecated
    SuppressWarnings FunctionalInterface SafeVarargs
  `),
);

const NONE: ReadonlySet<string> = new Set();

/** Returns the names that files of a language know without importing or declaring them. */
export function globalNames(languageId: string): ReadonlySet<string> {
  if (/^(typescript|javascript)(react)?$/.test(languageId)) return ECMA_SCRIPT;
  return { python: PYTHON, go: GO, java: JAVA }[languageId] ?? NONE;
}
