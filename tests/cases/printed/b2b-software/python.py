"""b2b-software example: one lead in, its points out. Generated; change the card, not this file.

`tally(lead, as_of)` takes typed values (float, str, bool, datetime.date; None: missing) by field, and the day of
scoring. Points are whole tenths. It returns the total, the least and the most that answers could make of it, the points
of the rules (None: unknown), of the groups and of the learned terms, the bins where those were looked up, the criteria
and the exclusions.
"""

from bisect import bisect_right

from leadledger.scoring.text_forms import fold

DAYS_RECENT_ACTIVITY = (
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26, 28, 29, 31, 33, 35, 38,
    41, 44, 48, 53, 60, 71, 93,
)
STEPS_RECENT_ACTIVITY = (
    48, 46, 43, 41, 39, 37, 36, 34, 32, 31, 29, 28, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
    9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
)
EDGES_EMPLOYEES = (10.0, 50.0, 250.0)
POINTS_EMPLOYEES = (-4, -31, 2, 24, 11)
LEVELS_LEAD_SOURCE = {'referral': 1, 'web': 2}
POINTS_LEAD_SOURCE = (0, 38, -6, -12)
POINTS_DEMO_REQUESTED = (-3, -9, 42)
EDGES_BUDGET = (10000.0,)
LEVELS_NEED = {'clear': 1, 'urgent': 2}
POINTS_BUDGET_NEED = (0, 3, 4, -2, -5, -1, 0, 1, 2, 5, 18, -7)
EDGES_EMPLOYEES_2 = (50.0, 250.0)
LEVELS_COUNTRY = {'NO': 1, 'SE': 2, 'DK': 3}


def tally(lead, as_of):
    country = lead['country']
    employees = lead['employees']
    job_title = lead['job_title']
    lead_source = lead['lead_source']
    need = lead['need']
    budget = lead['budget']
    decision_role = lead['decision_role']
    decision_date = lead['decision_date']
    supplier_status = lead['supplier_status']
    last_activity = lead['last_activity']
    pricing_visits = lead['pricing_visits']
    demo_requested = lead['demo_requested']
    newsletter = lead['newsletter']
    unsubscribed = lead['unsubscribed']
    competitor = lead['competitor']
    days_since_last_activity = None if last_activity is None else (as_of - last_activity).days
    days_silent = days_since_last_activity
    days_until_decision_date = None if decision_date is None else (decision_date - as_of).days
    days_to_decision = days_until_decision_date
    job_title_folded = None if job_title is None else fold(job_title)
    senior_title = None if job_title is None else True if 'chief' in job_title_folded or 'director' in job_title_folded or job_title_folded.startswith('head of') or job_title_folded.startswith('ceo') or job_title_folded.startswith('cfo') or job_title_folded.startswith('cto') or job_title_folded.startswith('vp') or job_title_folded.startswith('vice president') else False
    junior_title = None if job_title is None else True if 'junior' in job_title_folded or 'trainee' in job_title_folded or 'assistant' in job_title_folded else False

    # Has an urgent need
    rule_urgent_need = None if need is None else 60 if need == 'urgent' else 0
    # Can say which problem it must solve
    rule_clear_need = None if need is None else 24 if need == 'clear' else 0
    # Has only a vague need
    rule_vague_need = None if need is None else -24 if need == 'vague' else 0
    # Sees no need
    rule_no_need = None if need is None else -80 if need == 'none' else 0
    # Has a budget that covers the entry price
    rule_budget_set = None if budget is None else 24 if budget >= 10000 else 0
    # Has less than half of the entry price
    rule_small_budget = None if budget is None else -48 if budget < 5000 else 0
    # Talks to the person who signs
    rule_decider = None if decision_role is None else 32 if decision_role == 'decider' else 0
    # Talks to a user, who has no say
    rule_only_user = None if decision_role is None else -32 if decision_role == 'user' else 0
    # Has a senior job title
    rule_senior_title = None if senior_title is None else 16 if senior_title is True else 0
    # Has a junior job title
    rule_junior_title = None if junior_title is None else -28 if junior_title is True else 0
    # Has dismissed the present supplier
    rule_supplier_dismissed = None if supplier_status is None else 56 if supplier_status == 'dismissed' else 0
    # Is reviewing the present supplier
    rule_supplier_reviewed = None if supplier_status is None else 16 if supplier_status == 'reviewing' else 0
    # Is content with the present supplier
    rule_supplier_kept = None if supplier_status is None else -40 if supplier_status == 'has_supplier' else 0
    # Decides within 60 days
    rule_decides_soon = None if days_to_decision is None else 32 if days_to_decision >= 0 and days_to_decision <= 60 else 0
    # Decides in more than half a year
    rule_decides_late = None if days_to_decision is None else -32 if days_to_decision > 180 else 0
    # Was sent by a customer or a partner
    rule_referred = None if lead_source is None else 24 if lead_source in ('referral', 'partner') else 0
    # Comes from a bought list
    rule_bought_list = None if lead_source is None else -48 if lead_source == 'bought_list' else 0
    worth_recent_activity = None if days_since_last_activity is None else STEPS_RECENT_ACTIVITY[bisect_right(DAYS_RECENT_ACTIVITY, days_since_last_activity)]
    # Was active lately
    rule_recent_activity = None if days_silent is None else worth_recent_activity if days_silent <= 90 else 0
    # Looked at the prices
    rule_price_page = None if pricing_visits is None else 24 if pricing_visits >= 1 else 0
    # Asked for a demonstration
    rule_demo_requested = None if demo_requested is None else 40 if demo_requested is True else 0
    # Reads the newsletter
    rule_newsletter = None if newsletter is None else 24 if newsletter is True else 0
    # Has been silent for two months
    rule_long_silence = None if days_silent is None else -40 if days_silent > 60 else 0
    # Is a very small firm
    rule_tiny = None if employees is None else -40 if employees < 10 else 0
    # Is large enough to need it
    rule_right_size = None if employees is None else 20 if employees >= 50 else 0
    # Is one of the largest firms
    rule_enterprise = None if employees is None else 48 if employees >= 1000 else 0

    sum_engagement = (rule_recent_activity or 0) + (rule_price_page or 0) + (rule_demo_requested or 0) + (rule_newsletter or 0) + (rule_long_silence or 0)
    group_engagement = (80 if sum_engagement > 80 else -60 if sum_engagement < -60 else sum_engagement) - sum_engagement
    fired_size = [*filter(None, (rule_right_size, rule_enterprise))]
    sum_size = sum(fired_size)
    best_size = max(fired_size) if fired_size else 0
    group_size = best_size - sum_size
    bin_employees = 0 if employees is None else 1 + bisect_right(EDGES_EMPLOYEES, employees)
    points_employees = POINTS_EMPLOYEES[bin_employees]
    bin_lead_source = 0 if lead_source is None else LEVELS_LEAD_SOURCE.get(lead_source, 3)
    points_lead_source = POINTS_LEAD_SOURCE[bin_lead_source]
    bin_demo_requested = 0 if demo_requested is None else 2 if demo_requested else 1
    points_demo_requested = POINTS_DEMO_REQUESTED[bin_demo_requested]
    bin_budget = 0 if budget is None else 1 + bisect_right(EDGES_BUDGET, budget)
    bin_need = 0 if need is None else LEVELS_NEED.get(need, 3)
    points_budget_need = POINTS_BUDGET_NEED[bin_budget * 4 + bin_need]
    bin_employees_2 = 0 if employees is None else 1 + bisect_right(EDGES_EMPLOYEES_2, employees)
    bin_country = 0 if country is None else LEVELS_COUNTRY.get(country, 4)
    points_employees_need_country_demo_requested = 0
    if 1 <= bin_need <= 2:
        if bin_employees_2 < 2:
            points_employees_need_country_demo_requested += -6
        else:
            points_employees_need_country_demo_requested += 17 if bin_country in {1, 3} else 3
    else:
        points_employees_need_country_demo_requested += -2
    if bin_demo_requested == 2:
        points_employees_need_country_demo_requested += 9 if bin_country in {0, 2} else -4
    else:
        points_employees_need_country_demo_requested += 0
    rule_points = (
        rule_urgent_need, rule_clear_need, rule_vague_need, rule_no_need, rule_budget_set, rule_small_budget,
        rule_decider, rule_only_user, rule_senior_title, rule_junior_title, rule_supplier_dismissed,
        rule_supplier_reviewed, rule_supplier_kept, rule_decides_soon, rule_decides_late, rule_referred,
        rule_bought_list, rule_recent_activity, rule_price_page, rule_demo_requested, rule_newsletter,
        rule_long_silence, rule_tiny, rule_right_size, rule_enterprise,
    )
    term_points = (
        points_employees, points_lead_source, points_demo_requested, points_budget_need,
        points_employees_need_country_demo_requested,
    )
    total = 437 + sum(filter(None, rule_points)) + group_engagement + group_size + sum(term_points)
    low = high = total
    if employees is None:
        low += -67
        high += 28
    if need is None:
        low += -80
        high += 60
    if budget is None:
        low += -48
        high += 24
    if decision_role is None:
        low += -32
        high += 32
    if supplier_status is None:
        low += -40
        high += 56
    if rule_decides_soon is None and decision_date is None:
        high += 32
    if rule_decides_late is None and decision_date is None:
        low += -32
    if rule_right_size is None and employees is None or rule_enterprise is None and employees is None:
        least_size = best_size if best_size else 0
        most_size = best_size
        if rule_right_size is None and employees is None:
            least_size = least_size if best_size != 0 else min(least_size, 0)
            most_size = max(most_size, 20)
        if rule_enterprise is None and employees is None:
            least_size = least_size if best_size != 0 else min(least_size, 0)
            most_size = max(most_size, 48)
        low += least_size - best_size
        high += most_size - best_size
    if budget is None and need is None:
        low += -7 - points_budget_need
        high += 18 - points_budget_need
    elif budget is None:
        low += min(POINTS_BUDGET_NEED[bin_need::4]) - points_budget_need
        high += max(POINTS_BUDGET_NEED[bin_need::4]) - points_budget_need
    elif need is None:
        low += min(POINTS_BUDGET_NEED[bin_budget * 4 :][:4]) - points_budget_need
        high += max(POINTS_BUDGET_NEED[bin_budget * 4 :][:4]) - points_budget_need
    if employees is None or need is None:
        points_employees_need_country_demo_requested_part = 0
        if 1 <= bin_need <= 2:
            if bin_employees_2 < 2:
                points_employees_need_country_demo_requested_part += -6
            else:
                points_employees_need_country_demo_requested_part += 17 if bin_country in {1, 3} else 3
        else:
            points_employees_need_country_demo_requested_part += -2
        low += -6 - points_employees_need_country_demo_requested_part
        high += 17 - points_employees_need_country_demo_requested_part

    met_need = None if need is None else True if need in ('clear', 'urgent') else False
    met_budget = None if budget is None else True if budget >= 10000 else False
    met_timing = None if days_to_decision is None else True if days_to_decision >= 0 and days_to_decision <= 180 else False
    met_authority = None if decision_role is None else True if decision_role in ('decider', 'influencer') else False
    out_asked_to_stop = None if unsubscribed is None else True if unsubscribed is True else False
    out_competitor = None if competitor is None else True if competitor is True else False
    out_student = None if job_title is None else True if 'student' in job_title_folded else False
    return (
        total, low, high,
        rule_points,
        (group_engagement, group_size),
        term_points,
        (
            bin_employees, bin_lead_source, bin_demo_requested, bin_budget * 4 + bin_need,
            ((bin_employees_2 * 4 + bin_need) * 5 + bin_country) * 3 + bin_demo_requested,
        ),
        (met_need, met_budget, met_timing, met_authority),
        (out_asked_to_stop, out_competitor, out_student),
    )
