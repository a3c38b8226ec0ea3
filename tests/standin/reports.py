"""The records of GitHub's usage reports, made from a population."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from .population import COUNTERS, PHASES, SINCE, Population, Record, Usage, add_up, breakdown, timestamp


def make_record(
    day: date, scope: str = "organizations/acme", completeness: float = 1.0, usage: Usage | None = None, **knobs: Any
) -> Record:
    """The aggregated record of one day; `knobs` are fields of Usage (`users=12, agent_share=0`)."""
    return aggregated(Population(scope, usage or Usage(**knobs)), day, completeness)


def _without_later_fields(record: Record, day: date) -> Record:
    return {key: value for key, value in record.items() if SINCE.get(key, day) <= day}


def _totals(deeds: list[Any]) -> Record:
    return dict(zip(COUNTERS, add_up(deeds), strict=True)) | {
        "totals_by_ide": breakdown(deeds, "ide"),
        "totals_by_feature": breakdown(deeds, "feature"),
        "totals_by_language_feature": breakdown(deeds, "language", "feature"),
        "totals_by_language_model": breakdown(deeds, "language", "model"),
        "totals_by_model_feature": breakdown(deeds, "model", "feature"),
    }


def _cli(prompts: int) -> Record:
    return {
        "session_count": (prompts + 1) // 2,
        "request_count": prompts * 4,
        "prompt_count": prompts,
        "token_usage": {
            "output_tokens_sum": prompts * 900,
            "prompt_tokens_sum": prompts * 21_000,
            "avg_tokens_per_request": 5475.0,
        },
    }


def aggregated(people: Population, day: date, completeness: float = 1.0) -> Record:
    """One line of organization-1-day or enterprise-1-day.

    completeness  the part of the active people whose machines have reported so far
    """
    usage, today = people.usage, people.active(day, completeness)
    week, month = people.trailing(day, 7, completeness), people.trailing(day, 28, completeness)
    deeds = list(people.deeds(day, today))

    def with_trait(group: list[int] | set[int], share: float) -> int:
        return sum(people.has(person, share) for person in group)

    record: Record = {
        "day": str(day),
        **people.ids,
        "daily_active_users": len(today),
        "weekly_active_users": len(week),
        "monthly_active_users": len(month),
        "monthly_active_chat_users": sum(person < usage.users - usage.server_side for person in month),
        "monthly_active_agent_users": with_trait(month, usage.agent_share),
        "daily_active_cli_users": with_trait(today, usage.cli_share),
        "daily_active_copilot_app_users": None,
    }
    for span, group in (("daily", today), ("weekly", week), ("monthly", month)):
        record[f"{span}_active_copilot_cloud_agent_users"] = with_trait(group, usage.cloud_share)
        record[f"{span}_active_copilot_code_review_users"] = with_trait(group, usage.review_share)
        record[f"{span}_passive_copilot_code_review_users"] = with_trait(group, usage.review_share / 3)
    record |= _totals(deeds)
    prompts = sum(deed.counts[0] for deed in deeds if deed.feature == "copilot_cli")
    if prompts:
        record["totals_by_cli"] = _cli(prompts)
    starters = with_trait(today, usage.third_party_share)
    if starters:
        agent = {"agent_id": "246946", "agent_name": "Example Agent", "session_count": starters}
        record["totals_by_3rd_party_agent"] = [agent | {COUNTERS[0]: starters * 2}]
    record["totals_by_mcp"] = [{"mcp": "github", "interaction_count": len(today)}] if today else []
    record["distinct_mcp"] = min(1, len(today))
    record["distinct_mcp_use_count"] = len(today)
    record["totals_by_slash_cmd"] = []
    record["totals_by_ai_adoption_phase"] = _phases(people, today, month, deeds)
    record["pull_requests"] = pull_requests(people, len(today))
    # What GitHub adds next month: fields nobody knows yet have to survive storing.
    record["daily_active_holodeck_users"] = len(today) // 9
    record["totals_by_holodeck"] = [{"program": "tea", "session_count": len(today) // 9}]
    return _without_later_fields(record, day)


def _phases(people: Population, today: list[int], month: set[int], deeds: list[Any]) -> list[Record]:
    rows = []
    for number, name in enumerate(PHASES):
        population = sum(people.phase(person) == number for person in month)
        if not population:
            continue
        mine = [deed for deed in deeds if people.phase(deed.person) == number]
        engaged = sum(people.phase(person) == number for person in today)
        totals = dict(zip(COUNTERS, add_up(mine), strict=True))

        def average(counter: str, totals: Record = totals, engaged: int = engaged) -> float:
            return round(totals[counter] / engaged, 2) if engaged else 0.0

        merged = engaged // 3
        rows.append(
            {
                "phase": name,
                "phase_number": number,
                "total_engaged_users": engaged,
                "users_in_phase_28d": population,
                "avg_user_initiated_interactions": average("user_initiated_interaction_count"),
                "avg_code_generation_activities": average("code_generation_activity_count"),
                "avg_code_acceptance_activities": average("code_acceptance_activity_count"),
                "avg_loc_added": average("loc_added_sum"),
                "avg_loc_deleted": average("loc_deleted_sum"),
                "avg_pull_requests_reviewed": 0.5 if engaged else 0.0,
                "avg_pull_requests_created": 0.4 if engaged else 0.0,
                "avg_pull_requests_merged": round(merged / engaged, 2) if engaged else 0.0,
                "total_pull_requests_merged": merged,
                "avg_pull_requests_median_minutes_to_merge": 300.0 if merged else None,
            }
        )
    return rows


def pull_requests(people: Population, active: int) -> Record:
    """The pull request block; the medians are absent on a day without merges."""
    merged, by_agent = active // 3, active // 10 if people.usage.cloud_share else 0
    block: Record = {
        "total_created": active // 2,
        "total_reviewed": active // 2,
        "total_merged": merged,
        "total_suggestions": active * 2,
        "total_applied_suggestions": active // 2,
        "total_created_by_copilot": by_agent,
        "total_reviewed_by_copilot": active // 4,
        "total_merged_created_by_copilot": by_agent // 2,
        "total_merged_reviewed_by_copilot": active // 6,
        "total_copilot_suggestions": active,
        "total_copilot_applied_suggestions": active // 4,
        "copilot_suggestions_by_comment_type": [
            {
                "comment_type": "bug_risk",
                "total_copilot_suggestions": active,
                "total_copilot_applied_suggestions": active // 4,
            }
        ]
        if active
        else [],
    }
    if merged:
        block["median_minutes_to_merge"] = 312.5
        block["median_minutes_to_merge_copilot_reviewed"] = 280.0
    if by_agent // 2:
        block["median_minutes_to_merge_copilot_authored"] = 190.0
    return block


def users(people: Population, day: date, completeness: float = 1.0) -> list[Record]:
    """The lines of users-1-day."""
    usage, rows = people.usage, []
    for person in sorted(people.active(day, completeness)):
        deeds = list(people.deeds(day, [person]))
        features = {deed.feature for deed in deeds}
        cloud = people.has(person, usage.cloud_share)
        row: Record = {
            "user_id": people.user_id(person),
            "user_login": people.login(person),
            "day": str(day),
            **people.ids,
            "ai_credits_used": round(sum(deed.counts[0] for deed in deeds) * 0.7, 2),
            **_totals(deeds),
            "used_agent": bool(features & {"agent_edit", "chat_panel_agent_mode"}),
            "used_chat": any(feature.startswith("chat_") for feature in features),
            "used_cli": "copilot_cli" in features,
            "used_copilot_coding_agent": cloud,
            "used_copilot_cloud_agent": cloud,
            "used_copilot_code_review_active": people.has(person, usage.review_share) or None,
            "used_copilot_code_review_passive": None,
            "used_copilot_app": False,
            "ai_adoption_phase": {
                "phase_number": people.phase(person),
                "phase": PHASES[people.phase(person)],
                "version": "v1",
            },
        }
        prompts = sum(deed.counts[0] for deed in deeds if deed.feature == "copilot_cli")
        if prompts:
            version = {"cli_version": "1.0.61", "sampled_at": timestamp(day, 12)}
            row["totals_by_cli"] = _cli(prompts) | {"last_known_cli_version": version}
        rows.append(_without_later_fields(row, day))
    return rows


def user_teams(people: Population, day: date) -> list[Record]:
    """The lines of user-teams-1-day; teams of fewer than five are left out, as GitHub does."""
    usage, rows = people.usage, []
    scope_id = {key: value for key, value in people.ids.items() if value}
    for index, team in enumerate(usage.teams):
        members = range(index, usage.users, len(usage.teams))
        if len(members) >= 5:
            team_id = {"team_id": people.team_id(team), "slug": team}
            who = ({"user_id": people.user_id(person), "user_login": people.login(person)} for person in members)
            rows += [person | {"day": str(day)} | scope_id | team_id for person in who]
    return rows


def repositories(people: Population, day: date, completeness: float = 1.0) -> list[Record]:
    """The lines of repos-1-day."""
    active = len(people.active(day, completeness))
    rows = []
    for index, name in enumerate(people.usage.repositories):
        share = active // (index + 2)
        if share:
            rows.append(
                {
                    "day": str(day),
                    **people.ids,
                    "repo_id": people.scope_id * 10 + index,
                    "repo_owner_name": people.scope.partition("/")[2],
                    "repo_name": name,
                    "repo_visibility": "PRIVATE",
                    "pull_requests": pull_requests(people, share),
                    "pull_request_review_times": [],
                }
            )
    return rows


def engagement(people: Population, last: date) -> Record:
    """The engagement block of the 28-day report, over the window that ends on `last`."""
    usage, month = people.usage, people.trailing(last, 28)
    shares = {
        "code_completion": 1.0,
        "agent_edit": usage.agent_share,
        "code_review_passive": usage.review_share / 3,
        "code_review_active": usage.review_share,
        "cloud_agent": usage.cloud_share,
        "copilot_cli": usage.cli_share,
        "github_app": 0.0,
    }
    rows = []
    for feature, share in shares.items():
        engaged = sum(people.has(person, share) for person in month)
        rows.append({"feature": feature, "engaged_user_count": engaged})
    return {"active_user_count": len(month), "totals_by_feature": rows}


def last_days(last: date, count: int = 28) -> list[date]:
    return [last - timedelta(back) for back in reversed(range(count))]
