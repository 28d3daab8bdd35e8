"""An API for books."""

from typing import Annotated

from typeway import Depends, Typeway
from typeway.security import OAuth2PasswordRequestForm

from app.accounts import AccountCreate, AccountResponse, Accounts, CurrentAccount, TokenResponse, current_account
from app.database import open_database
from app.errors import add_error_handlers
from app.listing import Page, Pagination, Sorting
from app.middleware import add_middleware
from app.schemas import BookCreate, BookResponse, BookUpdate
from app.store import BookStore, get_store

app = Typeway(title="Books", lifespan=open_database("sqlite+aiosqlite:///books.db"))
add_error_handlers(app)
add_middleware(app)

Store = Annotated[BookStore, Depends(get_store)]
members_only = [Depends(current_account)]


@app.post("/accounts", status_code=201)
async def create_account(account: AccountCreate, accounts: Accounts) -> AccountResponse:
    """Create an account."""
    return await accounts.create(account)


@app.post("/token")
async def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()], accounts: Accounts) -> TokenResponse:
    """Exchange a name and password for a token."""
    return await accounts.log_in(form.username, form.password)


@app.get("/accounts/me")
async def read_own_account(account: CurrentAccount) -> AccountResponse:
    """Return the account of the token."""
    return account


@app.post("/books", status_code=201, dependencies=members_only)
async def create_book(book: BookCreate, store: Store) -> BookResponse:
    """Add a book."""
    return await store.create(book)


@app.get("/books")
async def list_books(pagination: Pagination, sorting: Sorting, store: Store) -> Page[BookResponse]:
    """List books, one page at a time."""
    return await store.page(pagination, sorting)


@app.get("/books/{book_id}")
async def read_book(book_id: int, store: Store) -> BookResponse:
    """Read one book."""
    return await store.read(book_id)


@app.get("/books/{book_id}/summary")
async def summarize_book(book_id: int, account: CurrentAccount, store: Store) -> dict[str, str]:
    """Describe a book in one sentence."""
    book = await store.read(book_id)
    return {"summary": f"{book.title} by {book.author} appeared in {book.year}.", "asked_by": account.name}


@app.patch("/books/{book_id}", dependencies=members_only)
async def update_book(book_id: int, changes: BookUpdate, store: Store) -> BookResponse:
    """Change the fields that you send, and no others."""
    return await store.update(book_id, changes)


@app.delete("/books/{book_id}", status_code=204, dependencies=members_only)
async def delete_book(book_id: int, store: Store) -> None:
    """Delete a book."""
    await store.delete(book_id)
