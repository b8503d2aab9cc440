"""Finding passages: by words, by meaning, and what is said when one of them does not work."""

from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group
from django.test import TestCase, override_settings
from pgvector.django import CosineDistance

from knowledge import background
from knowledge.models import Chunk, Document
from knowledge.retrieval import embeddings, search
from knowledge.retrieval.search import Findings
from tests.faults.provider import Provider
from tests.knowledge.documents import HANDBOOK, add
from tests.people import Person, sign_up


def ask(person: Person, text: str, limit: int = 5) -> Findings:
    return async_to_sync(search.search)(person.user, text, limit)


def headings(found: Findings) -> list[str]:
    return [passage.heading.rpartition(" ")[2] for passage in found.passages]


class FullTextTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        add(self.ann)

    def test_a_question_finds_the_passage_that_has_some_of_its_words(self) -> None:
        found = ask(self.ann, "How many days of paid leave do employees get?")
        self.assertEqual(headings(found)[0], "Leave")
        self.assertEqual((found.semantic, found.passages[0].page), ("off", None))
        self.assertEqual(found.passages[0].coverage, 0.5)  # days, paid, leave; not many, employees, get

    def test_nothing_that_fits_is_nothing_found(self) -> None:
        found = ask(self.ann, "zebra crossing")
        self.assertEqual((found.passages, found.documents), ([], 1))

    def test_no_text_is_an_operator(self) -> None:
        for text in ["it's & | ! :* <-> (hotel", "hotel\\", "'hotel'", "hotel\0", "%s hotel %(x)s", "hotel 😀"]:
            with self.subTest(text):
                self.assertEqual(headings(ask(self.ann, text)), ["Travel"])
        for text in ["", "the of", "&", "x" * 100_000]:
            self.assertEqual(ask(self.ann, text).passages, [])

    def test_each_document_is_searched_in_its_language(self) -> None:
        add(
            self.ann,
            "urlaub.md",
            "# Urlaub\n\nDie Mitarbeiter haben achtundzwanzig Tage, und sie sind für das ganze Jahr.",
        )
        self.assertEqual(ask(self.ann, "Mitarbeiterin und Tag").passages[0].title, "Urlaub")

    def test_a_heading_counts_more_than_text(self) -> None:
        add(self.ann, "b.md", "# Other\n\n## Zebras\n\nStripes.\n\n## Horses\n\nSome zebras.")
        self.assertEqual(headings(ask(self.ann, "zebra")), ["Zebras", "Horses"])

    def test_the_marker_of_a_passage_stays_the_same(self) -> None:
        before = ask(self.ann, "leave").passages[0].key
        add(self.ann, content="Preface.\n\n" + HANDBOOK)
        self.assertEqual(ask(self.ann, "leave").passages[0].key, before)
        self.assertRegex(before, r"^doc-[a-z2-7]{7}$")

    def test_what_is_shared_with_a_group_is_found_by_its_members(self) -> None:
        team = Group.objects.create(name="Team")
        add(None, "team.md", "# Team\n\nThe zebra is our mascot.", group=team)
        bob = sign_up("Bob")
        bob.user.groups.add(team)
        self.assertEqual(headings(ask(bob, "zebra mascot")), ["Team"])
        self.assertEqual(ask(self.ann, "zebra mascot").passages, [])


class HybridTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider(keep_alive=False)
        url = self.enterContext(self.provider.serving())
        self.enterContext(override_settings(EMBEDDING_BASE_URL=url, EMBEDDING_MODEL="embed", EMBEDDING_API_KEY="key"))

    def test_meaning_finds_what_no_word_does(self) -> None:
        add(self.ann)
        found = ask(self.ann, "vacation")
        self.assertEqual((headings(found)[0], found.semantic), ("Leave", "on"))

    def test_passages_are_embedded_in_the_background_in_batches(self) -> None:
        with override_settings(EMBEDDING_BATCH_SIZE=1):
            document = add(self.ann)
        self.assertEqual(document.embedded_by, "embed:64")
        self.assertEqual([len(body["input"]) for body in self.provider.embedded], [1, 1])
        self.assertEqual(set(Chunk.objects.values_list("embedded_by", flat=True)), {"embed:64"})

    def test_only_what_changed_is_embedded_again(self) -> None:
        add(self.ann)
        add(self.ann, content=HANDBOOK.replace("130", "150"))
        self.assertEqual([len(body["input"]) for body in self.provider.embedded], [2, 1])

    def test_another_model_embeds_everything_again(self) -> None:
        document = add(self.ann)
        with override_settings(EMBEDDING_MODEL="embed-again", EMBEDDING_DIMENSIONS=32):
            self.assertEqual(ask(self.ann, "paid leave").semantic, "on")  # by words: the old vectors do not count
            self.assertEqual((background.sweep(), background.sweep()), (1, 0))
            background.work_off()
            document.refresh_from_db()
            self.assertEqual(document.embedded_by, "embed-again:32")
            self.assertEqual(headings(ask(self.ann, "vacation"))[0], "Leave")

    def test_an_endpoint_that_fails_leaves_full_text_and_is_told(self) -> None:
        add(self.ann)
        for model in ("embed-broken", "embed-refused", "embed-slow", "embed-half", "embed-page"):
            with self.subTest(model), override_settings(EMBEDDING_MODEL=model):
                found = ask(self.ann, "paid leave")
                self.assertEqual((headings(found)[0], found.semantic), ("Leave", "unavailable"))
        with override_settings(EMBEDDING_BASE_URL="http://127.0.0.1:9/v1"):
            self.assertEqual(ask(self.ann, "paid leave").semantic, "unavailable")

    def test_what_may_pass_is_tried_again(self) -> None:
        pauses = embeddings.PAUSES
        embeddings.PAUSES = [0, 0]
        self.addCleanup(setattr, embeddings, "PAUSES", pauses)
        with override_settings(EMBEDDING_MODEL="embed-broken"), self.assertRaises(embeddings.EmbeddingFailed):
            embeddings.of_texts(["x"])
        self.assertEqual(len(self.provider.embedded), 3)
        with override_settings(EMBEDDING_MODEL="embed-refused"), self.assertRaises(embeddings.EmbeddingFailed):
            embeddings.of_texts(["x"])
        self.assertEqual(len(self.provider.embedded), 4)

    def test_a_document_whose_embedding_failed_is_ready_and_embedded_later(self) -> None:
        with override_settings(EMBEDDING_MODEL="embed-refused"):
            document = add(self.ann)
        self.assertEqual((document.state, document.embedded_by), ("ready", ""))
        self.assertEqual(background.sweep(), 1)
        background.work_off()
        self.assertEqual(Document.objects.get().embedded_by, "embed:64")

    def test_vectors_of_another_dimension_than_asked_are_refused(self) -> None:
        with (
            self.assertRaisesRegex(embeddings.EmbeddingFailed, "dimensions"),
            override_settings(EMBEDDING_DIMENSIONS=7),
        ):
            embeddings.read_answer({"data": [{"index": 0, "embedding": [1, 2]}]}, 1)

    def test_exactly_the_rows_of_an_exact_search_with_the_owner_filter_are_found(self) -> None:
        bob = sign_up("Bob")
        for person in (self.ann, bob):
            add(person, "many.md", "\n\n".join(f"# Part {n}\n\nThe leave of number{n} is here." for n in range(60)))
        (query,) = embeddings.of_texts(["leave of number7"])
        found = search.find(self.ann.user.pk, "zebra", 10, query)
        nearest = Chunk.objects.order_by(CosineDistance("embedding", query.vector), "pk")
        exact = nearest.filter(document__owner=self.ann.user)[:10]
        self.assertEqual([passage.id for passage in found], [chunk.pk for chunk in exact])
