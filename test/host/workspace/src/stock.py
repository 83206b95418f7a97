"""Stock of a small shop."""


def below_minimum(stock: dict[str, int], minimum: int) -> list[str]:
    """Names of the articles that are below the minimum."""
    return sorted(name for name, count in stock.items() if count < minimum)


def total(stock: dict[str, int]) -> int:
    """Number of all articles."""
