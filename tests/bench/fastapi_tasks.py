"""What `crud` compares with: the same tasks over REST as people usually build it, with FastAPI, SQLModel and asyncpg.

The same table, the same tokens, the same answers; each write is one row and no record of it. Run by uvicorn with
`REFERENCE_DATABASE` (an asyncpg URL of SQLAlchemy) and `REFERENCE_KEY` (the public key, as JWK).
"""

import datetime
import json
import os
from collections.abc import AsyncIterator
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import ARRAY, Column, DateTime, String
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import Field, SQLModel, col, select

KEY = jwt.PyJWK(json.loads(os.environ["REFERENCE_KEY"]))
ISSUER = os.environ["REFERENCE_ISSUER"]
engine = create_async_engine(os.environ["REFERENCE_DATABASE"], pool_size=20)
app = FastAPI()


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class User(SQLModel, table=True):
    __tablename__ = "reference_user"

    id: int | None = Field(default=None, primary_key=True)
    subject: str = Field(unique=True)
    is_active: bool = True


class Task(SQLModel, table=True):
    __tablename__ = "reference_task"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="reference_user.id", index=True)
    title: str = Field(max_length=500)
    notes: str = ""
    priority: str = "p4"
    labels: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(String), nullable=False))
    due_date: datetime.date | None = None
    due_time: datetime.time | None = None
    recurrence: str | None = None
    parent_id: int | None = None
    position: int | None = None
    completed_at: datetime.datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    version: int = 1
    created_at: datetime.datetime = Field(default_factory=now, sa_column=Column(DateTime(timezone=True)))
    updated_at: datetime.datetime = Field(default_factory=now, sa_column=Column(DateTime(timezone=True)))


class TaskIn(BaseModel):
    title: str = Field(min_length=1, max_length=500)
    notes: str = ""
    priority: str = "p4"
    labels: list[str] = []
    due_date: datetime.date | None = None


class TaskPatch(BaseModel):
    title: str | None = None
    notes: str | None = None
    priority: str | None = None


class TaskOut(BaseModel):
    id: int
    title: str
    notes: str
    priority: str
    labels: list[str]
    due_date: datetime.date | None
    due_time: datetime.time | None
    recurrence: str | None
    recurrence_text: str | None = None
    parent_id: int | None
    position: int | None
    completed: bool
    completed_at: datetime.datetime | None
    last_completed_at: datetime.datetime | None = None
    version: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @classmethod
    def of(cls, task: Task) -> "TaskOut":
        return cls.model_validate({**task.model_dump(), "completed": task.completed_at is not None})


class Page(BaseModel):
    items: list[TaskOut]
    next_cursor: str | None = None


async def session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine, expire_on_commit=False) as found:
        yield found


type Session = Annotated[AsyncSession, Depends(session)]


async def current_user(
    database: Session, user_id: str, credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]
) -> User:
    try:
        claims = jwt.decode(credentials.credentials, KEY, algorithms=["EdDSA"], audience=ISSUER, issuer=ISSUER)
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    user = (await database.execute(select(User).where(User.subject == claims["sub"]))).scalar_one_or_none()
    if user is None or not user.is_active:
        raise HTTPException(401)
    if user.subject != user_id:
        raise HTTPException(403)
    return user


type CurrentUser = Annotated[User, Depends(current_user)]


async def own(database: AsyncSession, user: User, number: int) -> Task:
    found = select(Task).where(Task.user_id == user.id, Task.id == number)
    task = (await database.execute(found)).scalar_one_or_none()
    if task is None:
        raise HTTPException(404)
    return task


@app.post("/reference")
async def prepare(database: Session, subjects: list[str]) -> dict[str, str]:
    """Make the tables and the users of these subjects."""
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    database.add_all(User(subject=subject) for subject in subjects)
    await database.commit()
    return {}


@app.get("/api/{user_id}/tasks")
async def list_tasks(database: Session, user: CurrentUser, limit: int = 50) -> Page:
    order = (col(Task.due_date).asc().nulls_last(), col(Task.priority), col(Task.id))
    found = select(Task).where(Task.user_id == user.id, col(Task.completed_at).is_(None)).order_by(*order)
    tasks = (await database.execute(found.limit(limit + 1))).scalars().all()
    return Page(items=[TaskOut.of(task) for task in tasks[:limit]])


@app.post("/api/{user_id}/tasks", status_code=201)
async def add_task(database: Session, user: CurrentUser, body: TaskIn) -> TaskOut:
    task = Task(user_id=user.id or 0, **body.model_dump())
    database.add(task)
    await database.commit()
    return TaskOut.of(task)


@app.get("/api/{user_id}/tasks/{number}")
async def get_task(database: Session, user: CurrentUser, number: int) -> TaskOut:
    return TaskOut.of(await own(database, user, number))


@app.patch("/api/{user_id}/tasks/{number}")
async def change_task(database: Session, user: CurrentUser, number: int, body: TaskPatch) -> TaskOut:
    task = await own(database, user, number)
    task.sqlmodel_update(body.model_dump(exclude_unset=True))
    task.version, task.updated_at = task.version + 1, now()
    await database.commit()
    return TaskOut.of(task)


@app.delete("/api/{user_id}/tasks/{number}", status_code=204)
async def delete_task(database: Session, user: CurrentUser, number: int) -> Response:
    await database.delete(await own(database, user, number))
    await database.commit()
    return Response(status_code=204)
