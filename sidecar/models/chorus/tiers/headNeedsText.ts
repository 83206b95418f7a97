/**
 * The text that shows which heads of a model look for other rows with every token. It has files of a small program;
 * later files use definitions of earlier ones. A changed text makes old measurements invalid.
 */
export const HEAD_NEEDS_TEXT = `# README.md
A lending library keeps books, their copies and the readers who borrow them. Each copy has a shelf mark. A reader may hold
MAX_LOANS copies at a time, each for LOAN_DAYS days; after that every day costs DAILY_FINE_CENTS, up to MAX_FINE_CENTS.
Librarians add books with "library add", lend with "library lend" and take copies back with "library return".

# library/settings.py
MAX_LOANS = 6
LOAN_DAYS = 21
DAILY_FINE_CENTS = 15
MAX_FINE_CENTS = 900
DATABASE_FILE = "library.sqlite"

# library/catalogue.py
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Book:
    isbn: str
    title: str
    author: str
    year: int


@dataclass
class Copy:
    book: Book
    shelf_mark: str
    is_damaged: bool = False


@dataclass
class Catalogue:
    copies: dict[str, Copy] = field(default_factory=dict)

    def add_copy(self, book: Book, shelf_mark: str) -> Copy:
        if shelf_mark in self.copies:
            raise DuplicateShelfMark(shelf_mark)
        copy = Copy(book, shelf_mark)
        self.copies[shelf_mark] = copy
        return copy

    def find_by_author(self, author: str) -> list[Book]:
        wanted = author.casefold()
        return sorted({copy.book for copy in self.copies.values() if wanted in copy.book.author.casefold()}, key=lambda book: book.year)


class DuplicateShelfMark(Exception):
    def __init__(self, shelf_mark: str):
        super().__init__(f"There is a copy with the shelf mark {shelf_mark} already.")
        self.shelf_mark = shelf_mark


# library/readers.py
from dataclasses import dataclass, field
from datetime import date, timedelta

from .catalogue import Copy
from .settings import DAILY_FINE_CENTS, LOAN_DAYS, MAX_FINE_CENTS, MAX_LOANS


@dataclass
class Loan:
    copy: Copy
    lent_on: date

    @property
    def due_on(self) -> date:
        return self.lent_on + timedelta(days=LOAN_DAYS)

    def fine_cents(self, today: date) -> int:
        late_days = max(0, (today - self.due_on).days)
        return min(MAX_FINE_CENTS, late_days * DAILY_FINE_CENTS)


@dataclass
class Reader:
    number: int
    name: str
    loans: list[Loan] = field(default_factory=list)

    def borrow(self, copy: Copy, today: date) -> Loan:
        if len(self.loans) >= MAX_LOANS:
            raise TooManyLoans(self, MAX_LOANS)
        if copy.is_damaged:
            raise DamagedCopy(copy)
        loan = Loan(copy, lent_on=today)
        self.loans.append(loan)
        return loan

    def give_back(self, shelf_mark: str, today: date) -> int:
        loan = next((loan for loan in self.loans if loan.copy.shelf_mark == shelf_mark), None)
        if loan is None:
            raise NotBorrowed(self, shelf_mark)
        self.loans.remove(loan)
        return loan.fine_cents(today)


class TooManyLoans(Exception):
    def __init__(self, reader: Reader, limit: int):
        super().__init__(f"{reader.name} holds {limit} copies, which is as many as anybody may.")


class DamagedCopy(Exception):
    def __init__(self, copy: Copy):
        super().__init__(f"{copy.book.title} ({copy.shelf_mark}) is damaged.")


class NotBorrowed(Exception):
    def __init__(self, reader: Reader, shelf_mark: str):
        super().__init__(f"{reader.name} does not hold {shelf_mark}.")


// web/src/money.ts
export interface Money {
  readonly cents: number;
  readonly currency: 'EUR' | 'GBP' | 'USD';
}

export function formatMoney({ cents, currency }: Money, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(cents / 100);
}

// web/src/libraryClient.ts
import type { Money } from './money';

export interface LoanSummary {
  readonly shelfMark: string;
  readonly title: string;
  readonly dueOn: string;
  readonly fine: Money;
}

export class LibraryClient {
  constructor(private readonly baseUrl: string, private readonly token: string) {}

  async loansOf(readerNumber: number): Promise<readonly LoanSummary[]> {
    return this.request<readonly LoanSummary[]>('GET', \`/readers/\${readerNumber}/loans\`);
  }

  async lend(readerNumber: number, shelfMark: string): Promise<LoanSummary> {
    return this.request<LoanSummary>('POST', \`/readers/\${readerNumber}/loans\`, { shelfMark });
  }

  async giveBack(readerNumber: number, shelfMark: string): Promise<Money> {
    return this.request<Money>('DELETE', \`/readers/\${readerNumber}/loans/\${shelfMark}\`);
  }

  private async request<Result>(method: string, path: string, body?: object): Promise<Result> {
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: { authorization: \`Bearer \${this.token}\`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new LibraryError(response.status, await response.text());
    return (await response.json()) as Result;
  }
}

export class LibraryError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

# tests/test_readers.py
from datetime import date, timedelta

import pytest

from library.catalogue import Book, Catalogue, DuplicateShelfMark
from library.readers import DamagedCopy, NotBorrowed, Reader, TooManyLoans
from library.settings import DAILY_FINE_CENTS, LOAN_DAYS, MAX_FINE_CENTS, MAX_LOANS

TODAY = date(2024, 3, 14)
BOOK = Book(isbn="978-0140449136", title="Crime and Punishment", author="Fyodor Dostoevsky", year=1866)


def test_reader_pays_nothing_until_the_loan_is_due():
    catalogue = Catalogue()
    reader = Reader(number=7, name="Amina")
    reader.borrow(catalogue.add_copy(BOOK, "RU 12"), TODAY)
    assert reader.give_back("RU 12", TODAY + timedelta(days=LOAN_DAYS)) == 0
    assert reader.loans == []


def test_reader_pays_for_each_day_up_to_the_largest_fine():
    catalogue = Catalogue()
    reader = Reader(number=7, name="Amina")
    copy = catalogue.add_copy(BOOK, "RU 12")
    reader.borrow(copy, TODAY)
    assert reader.give_back("RU 12", TODAY + timedelta(days=LOAN_DAYS + 3)) == 3 * DAILY_FINE_CENTS
    reader.borrow(copy, TODAY)
    assert reader.give_back("RU 12", TODAY + timedelta(days=LOAN_DAYS + 400)) == MAX_FINE_CENTS


def test_reader_holds_no_more_than_the_limit():
    catalogue = Catalogue()
    reader = Reader(number=7, name="Amina")
    for index in range(MAX_LOANS):
        reader.borrow(catalogue.add_copy(BOOK, f"RU {index}"), TODAY)
    with pytest.raises(TooManyLoans):
        reader.borrow(catalogue.add_copy(BOOK, "RU 99"), TODAY)


def test_shelf_marks_are_unique():
    catalogue = Catalogue()
    catalogue.add_copy(BOOK, "RU 12")
    with pytest.raises(DuplicateShelfMark) as raised:
        catalogue.add_copy(BOOK, "RU 12")
    assert raised.value.shelf_mark == "RU 12"
`;
