import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Text as words with single spaces between: in lower case, without accents and punctuation, at most 40 characters
# each. Scripts that put no spaces between words (and emoji) give a word for each character. Plain ASCII goes a short
# way. `lower` follows the database's locale: in one of "C" only ASCII letters match in either case.
# Bodies are bound when created, so that a dump with generated columns restores under any search_path.
FOLDED = r"""
CREATE FUNCTION task_folded(content text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN trim(regexp_replace(CASE
    WHEN octet_length(content) = length(content) THEN regexp_replace(lower(content), '[^a-z0-9]+', ' ', 'g')
    ELSE regexp_replace(regexp_replace(
        lower(regexp_replace(normalize(content, NFKD),
            '[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]', '', 'g')),
        '([\u2600-\u27bf\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff])', ' \1 ', 'g'),
        '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u05be\u05f3\u05f4\u060c\u061b\u061f\u06d4\u0964\u2000-\u206f\u3000-\u3004\u3008-\u3020\u3030\u30fb]+', ' ', 'g')
    END, '([^ ]{40})[^ ]+', '\1', 'g'))
"""
# Counts of what is there already: as `tasks.queries.counts` keeps them from now on.
COUNTS = """
INSERT INTO tasks_opencount (user_id, kind, name, count)
SELECT user_id, 'day', coalesce(due_date::text, ''), count(*) FROM tasks_task WHERE completed_at IS NULL GROUP BY 1, 3
UNION ALL
SELECT user_id, 'label', label, count(*) FROM tasks_task, LATERAL (SELECT DISTINCT unnest(labels) AS label) a
WHERE completed_at IS NULL GROUP BY 1, 3
"""
# Each word as "12+/milk" and each label as "12+#home": of user 12, of an open task ("~": without a date, "-": done).
WORDS = r"""
CREATE FUNCTION task_words(
    user_id bigint, completed_at timestamptz, due_date date, title text, notes text, labels text[])
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
SELECT array_to_tsvector(array_remove(string_to_array(
        key || '/' || replace(task_folded(concat_ws(' ', title, notes, array_to_string(labels, ' '))), ' ', ' ' || key || '/'),
    ' '), key || '/') || ARRAY(SELECT key || '#' || label FROM unnest(labels) label WHERE label IS NOT NULL))
FROM (SELECT user_id || CASE WHEN completed_at IS NOT NULL THEN '-' WHEN due_date < '9999-12-31' THEN '+' ELSE '~' END AS key) a;
END
"""
# What `words` is matched with: every word of `search` as the beginning of one, and the label. NULL, which nothing
# matches, where `search` has no word. `statuses` are of "+", "~" and "-".
TERMS = r"""
CREATE FUNCTION task_terms(user_id bigint, statuses text[], search text, label text)
RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
WITH term AS (
    SELECT '/' || word AS name, ''':*' AS ending
    FROM unnest(string_to_array(nullif(task_folded(search), ''), ' ')) word
    UNION SELECT '#' || replace(replace(label, '\', '\\'), '''', ''''''), '''' WHERE label IS NOT NULL
), either AS (
    SELECT '(' || string_agg('''' || user_id || status || name || ending, '|') || ')' AS terms
    FROM term, unnest(statuses) status GROUP BY name, ending
)
SELECT CASE WHEN search IS NULL OR task_folded(search) <> '' THEN string_agg(terms, '&')::tsquery END FROM either;
END
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(FOLDED, 'DROP FUNCTION task_folded'),
        migrations.RunSQL(WORDS, 'DROP FUNCTION task_words'),
        migrations.RunSQL(TERMS, 'DROP FUNCTION task_terms'),
        migrations.CreateModel(
            name='OpenCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('day', 'day'), ('label', 'label')], max_length=5)),
                ('name', models.CharField(max_length=50)),
                ('count', models.IntegerField()),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='task',
            name='words',
            field=models.GeneratedField(db_persist=True, expression=models.Func('user', 'completed_at', 'due_date', 'title', 'notes', 'labels', function='task_words'), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
        migrations.RunSQL(COUNTS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='task',
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='task_words'),
        ),
        migrations.AddIndex(
            model_name='opencount',
            index=models.Index(fields=['user', 'kind', '-count', 'name'], name='open_count_most'),
        ),
        migrations.AddConstraint(
            model_name='opencount',
            constraint=models.UniqueConstraint(fields=('user', 'kind', 'name'), name='open_count'),
        ),
    ]
