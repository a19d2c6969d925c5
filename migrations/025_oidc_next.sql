-- Where somebody goes on to who was sent to the provider can hold an invitation: their browser's cookie keeps it.
alter table oidc_flows drop column next;
